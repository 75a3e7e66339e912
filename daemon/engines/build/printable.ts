/** Of a progress bar only its last state, and of escape sequences only colours: a build must not steer who reads it. */
export function printable(text: string): string {
  const last = text.slice(text.trimEnd().lastIndexOf('\r') + 1);
  return last
    .replace(/\u001B(?!\[[\d;]{0,20}m)(\[[\d;?]*[A-Za-z]|\][^\u0007\u001B]*\u0007?)?/g, '')
    .replace(/[\u0000-\u0008\u000B-\u001A\u001C-\u001F\u007F-\u009F]/g, '');
}

export interface UnpackLimits {
  /** Bytes of the unpacked archive. */
  readonly bytes: number;
  /** Files, folders and links together. */
  readonly entries: number;
  readonly milliseconds: number;
}

/** The one line that the unpacking program prints. */
export type UnpackReport =
  | { readonly ok: true; readonly files: number }
  | {
      readonly ok: false;
      /** True: the archive's fault. False: this machine's (a full disk). */
      readonly refused: boolean;
      readonly message: string;
    };

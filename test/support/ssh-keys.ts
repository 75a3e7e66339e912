/** Of nobody: their private halves were thrown away. */
export const AN_SSH_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBUo3a3PFPR8woxS8sVI9me9NfZTeL+rqkDxHkC6Ae3K ada@laptop';
/** What `ssh-keygen -l -E md5` says of it. */
export const ITS_FINGERPRINT = 'c3:1d:75:39:ab:f6:d8:73:6a:d9:c0:a1:8f:a4:c9:5c';
export const ANOTHER_SSH_KEY =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC8Y6zG+nr7Dm693jE5c1lxLbzPP2P3Vn2IhHchfZC+uEPNDA/kOpTXBP8ZKAlGssWuVHNeZLcpBu/rMCPhL3oEAeU/ngwibqlXcxC9y23f2u1tJvbPXEvd3gad/BO7TGjyptIlguvd6udAKdhUEsK2bT16XJaqR/ts2JyV4x29UZYgAQXxDuWCwamisLUguE6taFvm+pH5TqO9QZlOiFIQD1pWpIfMd8jGHuAxPJL15ckcprRPJ6+97ciU/9rll17rr9iWBKbuzC6BzoxYYD0ybgMj1WXFhVOP6MecXd4Zop50cC7UDwHX8OQSGVqwCfErjI5k/KVV9PHmR0nx0vq7 ada at work';

/** A CRC32C as Google writes it: base64 of the big-endian value (Cloud Storage, "Hashes and ETags"). */
export function crc32cText(value: number): string {
  const bigEndian = Buffer.alloc(4);
  bigEndian.writeUInt32BE(value);
  return bigEndian.toString('base64');
}

/** One TCP segment off the wire. */
export interface Segment {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly sequence: number;
  /** It is the first of its connection in its direction (SYN). */
  readonly opens: boolean;
  /** How many bytes it carries; `text` may be cut shorter by the recording. */
  readonly bytes: number;
  /** What it carries, each byte a character. */
  readonly text: string;
}

export interface Endpoint {
  readonly mac: string;
  readonly port: number;
}

/**
 * The segments in a recording of Ethernet frames that hold TCP over IPv4, as tcpdump on this host writes it
 * (libpcap's savefile format: a header of 24 bytes, then each frame after 16 bytes of its own; RFC 791, RFC 9293).
 */
export function* segments(recording: Buffer): Generator<Segment> {
  for (let at = 24; at + 16 <= recording.length; ) {
    const captured = recording.readUInt32LE(at + 8);
    const frame = recording.subarray(at + 16, at + 16 + captured);
    at += 16 + captured;
    const ip = frame.subarray(14);
    const ipHeader = (ip.readUInt8(0) & 0xf) * 4;
    const tcp = ip.subarray(ipHeader);
    const tcpHeader = (tcp.readUInt8(12) >> 4) * 4;
    const bytes = ip.readUInt16BE(2) - ipHeader - tcpHeader;
    yield {
      from: { mac: mac(frame, 6), port: tcp.readUInt16BE(0) },
      to: { mac: mac(frame, 0), port: tcp.readUInt16BE(2) },
      sequence: tcp.readUInt32BE(4),
      opens: (tcp.readUInt8(13) & 2) !== 0,
      bytes,
      text: tcp.toString('latin1', tcpHeader, tcpHeader + bytes),
    };
  }
}

function mac(frame: Buffer, at: number): string {
  return frame.toString('hex', at, at + 6).replace(/(..)(?=.)/g, '$1:');
}

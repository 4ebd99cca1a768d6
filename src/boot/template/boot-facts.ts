/** What a template sees of the boot that it is rendered for. */
export interface BootFacts {
  /** The MAC of the interface that boots; absent: nobody told it. */
  readonly mac?: string;
  /** Where the broker is reached, without a slash at its end. */
  readonly origin: string;
}

/** Stands for a boot where there is none: addresses for documentation (RFC 5737), as long as real ones mostly are. */
export const exampleBoot: BootFacts = { mac: '52:54:00:12:34:56', origin: 'http://192.0.2.1:8080' };

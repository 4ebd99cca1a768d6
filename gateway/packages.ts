/** The Debian packages that the gateway is made of. */
export const packages = [
  'nginx-light',
  'libnginx-mod-http-js',
  'wireguard-tools',
  'nftables',
  'dnsmasq-base',
  'iproute2',
  'procps',
  'curl',
  'ca-certificates',
] as const;

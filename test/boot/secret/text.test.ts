import test from 'ava';
import { masked, maskedPlaces, maskedText, numbered } from '../../../src/boot/masked.ts';

/** Each holds S1 and nothing else that is secret; what is left of it stands beside it. */
const secrets: readonly (readonly [text: string, shown: string])[] = [
  ['quiet inst.rootpw=S1 ro', 'quiet inst.rootpw=*** ro'],
  ['rootpw=S1&x ro', 'rootpw=*** ro'],
  ['rd.luks.key=S1', 'rd.luks.key=***'],
  ['luks.key=S1 a', 'luks.key=*** a'],
  ['psk=S1', 'psk=***'],
  ['wifi.psk="S1 S1" a', 'wifi.psk=*** a'],
  ['"wifi.psk=S1 S1" a', '"wifi.psk=***" a'],
  ['ipa-otp=S1 a', 'ipa-otp=*** a'],
  ['rd.iscsi.password=S1 rd.iscsi.in.password=S1', 'rd.iscsi.password=*** rd.iscsi.in.password=***'],
  ['passwd/root-password=S1 a', 'passwd/root-password=*** a'],
  ['passwd/root-password-crypted=S1 a', 'passwd/root-password-crypted=*** a'],
  ['netcfg/wireless_wpa=S1', 'netcfg/wireless_wpa=***'],
  ['K3S_TOKEN=S1 k3s_token=S1', 'K3S_TOKEN=*** k3s_token=***'],
  ['inst.vncpassword=S1 vnc_password=S1', 'inst.vncpassword=*** vnc_password=***'],
  ['api_key=S1 apikey=S1 apiKey=S1', 'api_key=*** apikey=*** apiKey=***'],
  ['client_secret=S1', 'client_secret=***'],
  ['systemd.set_credential=name:S1 a', 'systemd.set_credential=*** a'],
  ['root=//nas/share,username=a,password=S1,S1 ro', 'root=//nas/share,username=a,password=*** ro'],
  ['pw={{ labels.pw | default: "S1" }} a', 'pw=*** a'],
  ['password = S1', 'password = ***'],
  ["password='S1 S1' a", 'password=*** a'],
  ['password=S1\\ S1 a', 'password=*** a'],
  ['wg.private_key=S1 wg.public_key=open', 'wg.private_key=*** wg.public_key=open'],
  ['activation-key=S1 tailscale.authkey=S1', 'activation-key=*** tailscale.authkey=***'],
  ['regcode=S1 tpm2-pin=S1', 'regcode=*** tpm2-pin=***'],
  ['http://user:S1@host/a', 'http://***@host/a'],
  ['ignition.config.url=http://u:p@S1@host/c?x=1', 'ignition.config.url=http://***@host/c?x=1'],
  ['https://S1@github.com/a', 'https://***@github.com/a'],
  ['url=http%3A%2F%2Fu%3AS1%40host%2Fa', 'url=http%3A%2F%2F***%40host%2Fa'],
  ['netroot=iscsi:u:S1:ru:S1@10.0.0.1::3260::iqn', 'netroot=iscsi:***@10.0.0.1::3260::iqn'],
  ['root=cifs://u:S1@nas/s root=cifs:u:S1@nas', 'root=cifs://***@nas/s root=cifs:***@nas'],
  ['inst.proxy=u:S1@proxy:3128', 'inst.proxy=***@proxy:3128'],
  ['http://h/?a=1&X-Goog-Signature=S1&b=2', 'http://h/?a=1&X-Goog-Signature=***&b=2'],
  ['http://h/?a=1&sig=S1&key=S1#x', 'http://h/?a=1&sig=***&key=***#x'],
  ['talos.config=https://h/c?token=S1&m=2 quiet', 'talos.config=https://h/c?token=***&m=2 quiet'],
  ['x=http%3A%2F%2Fh%3Ftoken%3DS1%26m=2', 'x=http%3A%2F%2Fh%3Ftoken%3D***%26m=2'],
  ['Authorization: Basic UzE6UzE=', 'Authorization: ***'],
  ['curl -H "Authorization: Bearer S1" http://h', 'curl -H "Authorization: ***" http://h'],
  ['curl -u name:S1 http://h', 'curl -u *** http://h'],
  ['Bearer S1S1S1S1', 'Bearer ***'],
  ['rootpw --iscrypted S1', 'rootpw ***'],
  ['user --name=a --password=S1 --plaintext', 'user --name=a --password=*** --plaintext'],
  ['autopart --encrypted --passphrase S1 --x', 'autopart --encrypted --passphrase *** --x'],
  ['d-i passwd/root-password password S1 S1', 'd-i passwd/root-password password ***'],
  ['d-i netcfg/wireless_wep string S1', 'd-i netcfg/wireless_wep string ***'],
  ['set net0/password S1 S1', 'set net0/password ***'],
  ['a $6$rounds=5000$S1S1S1S1$S1S1S1 b', 'a $6$*** b'],
  ['$2b$12$S1S1S1S1S1S1 $y$j9T$S1S1S1S1', '$2b$*** $y$***'],
  ['grub.pbkdf2.sha512.10000.AB12.CD34', 'grub.pbkdf2.sha512.10000.***'],
  ['password: S1\nlocale: C', 'password: ***\nlocale: C'],
  ['chpasswd:\n  list: |\n    root:S1\n\nssh: x', 'chpasswd: ***\nssh: x'],
  [
    'users:\n  - name: a\n    hashed_passwd: S1\n    x: y',
    'users:\n  - name: a\n    hashed_passwd: ***\n    x: y',
  ],
  ['{"password":"S1","a":1}', '{"password":***,"a":1}'],
  ['{"password": "S\\"1", "pin": 12, "a": 1}', '{"password": ***, "pin": ***, "a": 1}'],
  [
    '-----BEGIN RSA PRIVATE KEY-----\nS1\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----',
  ],
];
for (const [text, shown] of secrets)
  test(`masked: ${text.replaceAll('\n', '\\n')}`, (t) => t.is(maskedText(text), shown));

const open = [
  'console=ttyS0,115200n8 root=UUID=1234 ro quiet splash --- keymap=de keyboard-configuration/xkb-keymap=us',
  'kernel --name kernel http://10.0.0.1:8080/asset/0190/kernel?machine=0190 initrd=initrd0 quiet || goto failed',
  'ip=10.0.0.5::10.0.0.1:255.255.255.0:host:eno1:none nameserver=[fd00::1] bootdev=52:54:00:aa:bb:01',
  'ds=nocloud;s=http://10.0.0.1:8080/b/ systemd.verity_root_hash=abc roothash=abc dm_verity.verify=1',
  'iommu=pt vfio.bypass=1 passthrough=1 password_file=/etc/x ssh_authorized_keys=x hostkey=x x-goog-credential=me',
  'netroot=iscsi:10.0.0.1::3260::iqn.2009-06.example:disk nfsroot=10.0.0.1:/srv/root,vers=4',
  'Machine 0190 has debian@12 by its rule "rack 1" at 2026-11-27T12:00:00Z; sha256 0aff.',
  'Basic packages; set -e; set timeout 5; price $5 and $1$2',
];
for (const text of open) test(`not masked: ${text.slice(0, 60)}`, (t) => t.is(maskedText(text), text));

test('metadata is masked by the names of its fields at any depth, and in lists of names and values', (t) => {
  const metadata = {
    network: { wifi: [{ ssid: 'open', psk: 'S1' }] },
    env: [
      { name: 'ADMIN_PASSWORD', value: 'S1' },
      { name: 'LANG', value: 'C' },
      { key: 'api-key', value: 'S1' },
    ],
    vncPassword: 'S1',
    secrets: { db: { user: 'S1' } },
    'passwd/root-password-crypted': 'S1',
    pin: 1234,
    ssh_pwauth: true,
    lock_passwd: false,
    user_data: '#cloud-config\npassword: S1\nhostname: h\n',
  };
  t.deepEqual(masked(metadata), {
    network: { wifi: [{ ssid: 'open', psk: '***' }] },
    env: [
      { name: 'ADMIN_PASSWORD', value: '***' },
      { name: 'LANG', value: 'C' },
      { key: 'api-key', value: '***' },
    ],
    vncPassword: '***',
    secrets: '***',
    'passwd/root-password-crypted': '***',
    pin: '***',
    ssh_pwauth: true,
    lock_passwd: false,
    user_data: '#cloud-config\npassword: ***\nhostname: h\n',
  });
});

test('masked once more it stays the same, and it shows that it was masked; what is whole does not', (t) => {
  for (const [text, shown] of secrets) {
    t.is(maskedText(shown), shown);
    t.deepEqual(maskedPlaces({ metadata: [shown] }), [['metadata', 0]], shown);
    t.deepEqual(maskedPlaces(text), [], text);
  }
  t.deepEqual(maskedPlaces({ a: [{ root_password: '***' }] }), [['a', 0, 'root_password']]);
  t.deepEqual(maskedPlaces({ a: { secrets: '***' } }), [['a', 'secrets']]);
  for (const text of [...open, 'note=*** do not touch ***', 'stars=***'])
    t.deepEqual(maskedPlaces({ text }), [], text);
});

test('numbered secrets show which are the same, and nothing else', (t) => {
  const hide = numbered();
  t.is(
    maskedText('a_password=x b_password=y c_password=x', hide),
    'a_password=***1 b_password=***2 c_password=***1',
  );
});

test('what is written to be slow to mask is not', (t) => {
  const n = 100_000;
  const long = [
    'a'.repeat(n),
    'a.'.repeat(n),
    'a=b,'.repeat(n),
    'a:b,'.repeat(n),
    'password='.repeat(n),
    'http://'.repeat(n),
    '"'.repeat(n),
    '\\"'.repeat(n),
    'a: '.repeat(n),
    'password:\n'.repeat(n),
    '-----BEGIN PRIVATE KEY-----'.repeat(n / 10),
    ' '.repeat(n),
    '\t\n'.repeat(n),
    'x x x '.repeat(n),
    'Basic a'.repeat(n),
    '--a '.repeat(n),
    'set a '.repeat(n),
    '%3A%2F%2F'.repeat(n),
    '{{'.repeat(n),
    "'".repeat(n),
    'iscsi:a:'.repeat(n),
    '$6$'.repeat(n),
    'A'.repeat(n).toLowerCase() + 'A'.repeat(n),
    'token %3D'.repeat(n),
    '  password: |\n'.repeat(n / 10),
  ];
  for (const text of long) {
    const from = process.cpuUsage();
    maskedText(text);
    const { user } = process.cpuUsage(from);
    t.log(text.slice(0, 12).trim(), text.length, Math.round(user / 1000), 'ms');
    t.true(user < 10_000_000, `${text.slice(0, 20)}: ${user} us`);
  }
});

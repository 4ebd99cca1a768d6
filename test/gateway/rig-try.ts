import { powerOn } from '../boot/machine.ts';
import { openRig, register, stock } from './rig.ts';

const rig = await openRig();
try {
  console.log('open', performance.now());
  await stock(rig);
  const mac = '52:54:00:00:00:01';
  console.log(await register(rig, mac));
  console.log(await rig.site.run('sh', [rig.site.folder + '/canary']).catch(String));
  console.log(
    await rig.site
      .run('sh', [
        '-c',
        'curl -sv -m 5 http://boot.internal/boot.ipxe 2>&1; wg show; ip route; ls ' +
          rig.places.run +
          '/canary',
      ])
      .catch(String),
  );
  console.log(await rig.gateway.run('wg', ['show']).catch(String));
  const machine = await powerOn(rig.site, { mac });
  machine.hear((text) => process.stdout.write(text));
  await machine.says(/^bootbroker: reported up/m, 120).catch(console.error);
  console.log(rig.accessLog());
  console.log(rig.broker().log.filter((line) => line.message === 'request' && line.plane === 'boot'));
  console.log(await rig.sent(), performance.now());
} finally {
  await rig.close();
}

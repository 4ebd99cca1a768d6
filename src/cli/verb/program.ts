import { Command } from 'commander';
import { apply } from '../verbs/apply.ts';
import { assetGc } from '../verbs/asset/gc.ts';
import { assetImport } from '../verbs/asset/import.ts';
import { assetList } from '../verbs/asset/list.ts';
import { assetPush } from '../verbs/asset/push.ts';
import { assetRetire, assetUnretire } from '../verbs/asset/retire.ts';
import { assetShow } from '../verbs/asset/show.ts';
import { auditList } from '../verbs/audit/list.ts';
import { auditVerify } from '../verbs/audit/verify.ts';
import { boots } from '../verbs/boots.ts';
import { completion } from '../verbs/completion.ts';
import { config } from '../verbs/config.ts';
import { doctor } from '../verbs/doctor.ts';
import { explain } from '../verbs/explain.ts';
import { exportState } from '../verbs/export.ts';
import { importMatchbox } from '../verbs/import-matchbox.ts';
import { localgcs } from '../verbs/localgcs.ts';
import { machineAdd } from '../verbs/machine/add.ts';
import { machineDelete } from '../verbs/machine/delete.ts';
import { machineDismiss } from '../verbs/machine/dismiss.ts';
import { machineEnroll } from '../verbs/machine/enroll.ts';
import { machineList } from '../verbs/machine/list.ts';
import { machinePending } from '../verbs/machine/pending.ts';
import { machineRelease } from '../verbs/machine/release.ts';
import { machineSet } from '../verbs/machine/set.ts';
import { machineShow } from '../verbs/machine/show.ts';
import { profileCreate } from '../verbs/profile/create.ts';
import { profileDiff } from '../verbs/profile/diff.ts';
import { profileList } from '../verbs/profile/list.ts';
import { rollback } from '../verbs/rollback.ts';
import { ruleAdd } from '../verbs/rule/add.ts';
import { ruleDelete } from '../verbs/rule/delete.ts';
import { ruleList } from '../verbs/rule/list.ts';
import { rulePromote } from '../verbs/rule/promote.ts';
import { ruleSet } from '../verbs/rule/set.ts';
import { serve } from '../verbs/serve.ts';
import { tokenCreate } from '../verbs/token/create.ts';
import { tokenList } from '../verbs/token/list.ts';
import { tokenRevoke } from '../verbs/token/revoke.ts';
import { uploadAbort } from '../verbs/upload/abort.ts';
import { uploadList } from '../verbs/upload/list.ts';
import { uploadShow } from '../verbs/upload/show.ts';
import { report } from './failure.ts';
import type { Outside } from './system.ts';
import { exitCodesHelp } from './verb.ts';

/** The `bootbroker` command with all its verbs; `exit` is told the exit code of a verb that has one of its own. */
export function program(outside: Outside, exit: (code: number) => void): Command {
  const root = new Command('bootbroker')
    .description('Boots bare-metal machines from Cloud Storage without the images passing through it.')
    .version(outside.version)
    // --version after a verb is the version of an asset
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => outside.stdout.write(text),
      writeErr: (text) => outside.stderr.write(text),
      // run() reports errors, in one way for all
      outputError: () => {},
    })
    .addHelpText('after', `\n${exitCodesHelp}`);

  serve(root, outside, exit);
  config(root, outside);
  doctor(root, outside, exit);

  const asset = root.command('asset').description('Kernels, initrds, EFI programs and other files to boot.');
  assetPush(asset, outside);
  assetImport(asset, outside);
  assetList(asset, outside);
  assetShow(asset, outside);
  assetRetire(asset, outside);
  assetUnretire(asset, outside);
  assetGc(asset, outside);

  const upload = root.command('upload').description('Bytes of assets on their way.');
  uploadList(upload, outside);
  uploadShow(upload, outside);
  uploadAbort(upload, outside);

  const machine = root.command('machine').description('The machines that boot.');
  machineAdd(machine, outside);
  machineList(machine, outside);
  machineShow(machine, outside);
  machineSet(machine, outside);
  machineRelease(machine, outside);
  machineDelete(machine, outside);
  machinePending(machine, outside);
  machineEnroll(machine, outside);
  machineDismiss(machine, outside);

  const profile = root.command('profile').description('What machines boot.');
  profileCreate(profile, outside);
  profileList(profile, outside);
  profileDiff(profile, outside);

  const rule = root.command('rule').description('Which profile machines get that have none of their own.');
  ruleList(rule, outside);
  ruleAdd(rule, outside);
  ruleSet(rule, outside);
  rulePromote(rule, outside);
  ruleDelete(rule, outside);
  rollback(root, outside);

  const token = root.command('token').description('API tokens of the admin plane.');
  tokenCreate(token, outside);
  tokenList(token, outside);
  tokenRevoke(token, outside);

  const audit = root.command('audit').description('Who changed what, and who was refused.');
  auditList(audit, outside);
  auditVerify(audit, outside);

  apply(root, outside, exit);
  exportState(root, outside);
  const imports = root.command('import').description('Take over what other systems have.');
  importMatchbox(imports, outside, exit);
  explain(root, outside);
  boots(root, outside);
  localgcs(root, outside);
  completion(root, outside);
  return root;
}

/** Runs one command line (without `node` and the script's name); resolves with its exit code. */
export async function run(args: readonly string[], outside: Outside): Promise<number> {
  let exitCode = 0;
  try {
    await program(outside, (code) => {
      exitCode = code;
    }).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    const { exitCode: code, text } = report(error, args.includes('--json'));
    outside.stderr.write(text);
    return code;
  }
}

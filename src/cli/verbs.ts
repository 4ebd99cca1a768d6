import type { Verb } from './verb/verb.ts';

/** What the command line knows of a verb before it is called: a sentence, and the file that has its options and does it. */
interface Declared {
  readonly about: string;
  load(): Promise<Verb>;
}

/** Words that are no verbs, but have some. */
export const nouns: Readonly<Record<string, string>> = {
  asset: 'Kernels, initrds, EFI programs and other files to boot.',
  upload: 'Bytes of assets on their way.',
  machine: 'The machines that boot.',
  profile: 'What machines boot.',
  rule: 'Which profile machines get that have none of their own.',
  token: 'API tokens of the admin plane.',
  audit: 'Who changed what, and who was refused.',
  import: 'Take over what other systems have.',
};

/** Every verb, by its words and the arguments that it takes, in the order of the help. A file is read when its verb is called. */
export const verbs: Readonly<Record<string, Declared>> = {
  serve: {
    about: 'Run the broker. Each flag overrides its environment variable.',
    load: async () => (await import('./verbs/serve.ts')).serve,
  },
  config: {
    about: 'Show every setting, its flag and its default.',
    load: async () => (await import('./verbs/config.ts')).config,
  },
  doctor: {
    about: 'Check the settings against storage, records, signers and network.',
    load: async () => (await import('./verbs/doctor.ts')).doctor,
  },
  'asset push <file>': {
    about: 'Upload a file as an asset that profiles can name.',
    load: async () => (await import('./verbs/asset/push.ts')).assetPush,
  },
  'asset import <source...>': {
    about: 'Fetch URLs, or take files and folders, and push them as assets.',
    load: async () => (await import('./verbs/asset/import.ts')).assetImport,
  },
  'asset list': {
    about: 'List the assets.',
    load: async () => (await import('./verbs/asset/list.ts')).assetList,
  },
  'asset show <id-or-name@version>': {
    about: 'Show all that is known of an asset, or of all assets of an image.',
    load: async () => (await import('./verbs/asset/show.ts')).assetShow,
  },
  'asset retire <id-or-name@version...>': {
    about: 'Take assets out of use: no new profile may name them; what does goes on booting.',
    load: async () => (await import('./verbs/asset/retire.ts')).assetRetire,
  },
  'asset unretire <id-or-name@version...>': {
    about: 'Take retired assets back into use, as long as they are not deleted.',
    load: async () => (await import('./verbs/asset/retire.ts')).assetRetire,
  },
  'asset scrub <id-or-name@version...>': {
    about: 'Read assets again: damaged, no machine is given them; whole, they are taken back into use.',
    load: async () => (await import('./verbs/asset/scrub.ts')).assetScrub,
  },
  'asset gc': {
    about: 'Delete retired assets that nothing in use refers to, and lost objects.',
    load: async () => (await import('./verbs/asset/gc.ts')).assetGc,
  },
  'upload list': {
    about: 'List the uploads, oldest first.',
    load: async () => (await import('./verbs/upload/list.ts')).uploadList,
  },
  'upload show <id>': {
    about: 'Show an upload and its asset.',
    load: async () => (await import('./verbs/upload/show.ts')).uploadShow,
  },
  'upload abort <id>': {
    about: 'Give an upload up: its bytes are deleted, and its asset may be pushed anew.',
    load: async () => (await import('./verbs/upload/abort.ts')).uploadAbort,
  },
  'machine add': {
    about: 'Register a machine, so that it can be given a profile.',
    load: async () => (await import('./verbs/machine/add.ts')).machineAdd,
  },
  'machine list': {
    about: 'List the machines, or search them by one of these.',
    load: async () => (await import('./verbs/machine/list.ts')).machineList,
  },
  'machine show <id-or-mac>': {
    about: 'Show all that is known of a machine.',
    load: async () => (await import('./verbs/machine/show.ts')).machineShow,
  },
  'machine set <id-or-mac>': {
    about: 'Change what is said of a machine; all else stays.',
    load: async () => (await import('./verbs/machine/set.ts')).machineSet,
  },
  'machine release <id-or-mac>': {
    about: 'Take its own profile from a machine: from then on the rules decide.',
    load: async () => (await import('./verbs/machine/release.ts')).machineRelease,
  },
  'machine delete <id-or-mac>': {
    about: 'Delete a machine; what it did in its boots stays on record.',
    load: async () => (await import('./verbs/machine/delete.ts')).machineDelete,
  },
  'machine pending': {
    about: 'List machines that asked to boot and that nobody has registered.',
    load: async () => (await import('./verbs/machine/pending.ts')).machinePending,
  },
  'machine enroll <id-or-mac>': {
    about: 'Register a pending machine under all that it says of itself, or add its MAC to a machine.',
    load: async () => (await import('./verbs/machine/enroll.ts')).machineEnroll,
  },
  'machine dismiss <id-or-mac>': {
    about: 'Forget a pending machine, until it asks again.',
    load: async () => (await import('./verbs/machine/dismiss.ts')).machineDismiss,
  },
  'profile create': {
    about: 'Make a profile revision: for one machine, or for whatever machines the rules assign its name to.',
    load: async () => (await import('./verbs/profile/create.ts')).profileCreate,
  },
  'profile list': {
    about: 'List the profile revisions, oldest first.',
    load: async () => (await import('./verbs/profile/list.ts')).profileList,
  },
  'profile diff <revision> <other>': {
    about: 'Show how another revision of a profile differs from one.',
    load: async () => (await import('./verbs/profile/diff.ts')).profileDiff,
  },
  'rule list': {
    about: 'List the rules and what they hand out now.',
    load: async () => (await import('./verbs/rule/list.ts')).ruleList,
  },
  'rule add': {
    about: 'Make a rule: machines without a profile of their own get the one that it assigns.',
    load: async () => (await import('./verbs/rule/add.ts')).ruleAdd,
  },
  'rule set <name-or-id>': {
    about: 'Change a rule; all else of it stays.',
    load: async () => (await import('./verbs/rule/set.ts')).ruleSet,
  },
  'rule promote <name-or-id>': {
    about: 'Bring the new revision of a rule to more machines, or to all. A halted roll-out goes on.',
    load: async () => (await import('./verbs/rule/promote.ts')).rulePromote,
  },
  'rule delete <name-or-id>': {
    about: 'Delete a rule; its machines get what the next rule assigns.',
    load: async () => (await import('./verbs/rule/delete.ts')).ruleDelete,
  },
  rollback: {
    about: 'Go back to the revision before: of one machine, or of all machines of a rule at once.',
    load: async () => (await import('./verbs/rollback.ts')).rollback,
  },
  'token create': {
    about: 'Make an API token. Its text is shown this once: keep it where secrets are.',
    load: async () => (await import('./verbs/token/create.ts')).tokenCreate,
  },
  'token list': {
    about: 'List the API tokens, the ended and revoked ones as well.',
    load: async () => (await import('./verbs/token/list.ts')).tokenList,
  },
  'token revoke <id>': {
    about: 'Revoke an API token: from now on it opens nothing.',
    load: async () => (await import('./verbs/token/revoke.ts')).tokenRevoke,
  },
  'audit list': {
    about: 'Show who changed what, and who was refused: the last of it, oldest first.',
    load: async () => (await import('./verbs/audit/list.ts')).auditList,
  },
  'audit verify': {
    about: 'Recompute the chain of the audit log, from its first event to its last.',
    load: async () => (await import('./verbs/audit/verify.ts')).auditVerify,
  },
  apply: {
    about: 'Make machines, profiles, rules and assets what files say: all of it, or nothing.',
    load: async () => (await import('./verbs/apply.ts')).apply,
  },
  export: {
    about: 'Write machines, profiles, rules and assets as a file that apply reads.',
    load: async () => (await import('./verbs/export.ts')).exportState,
  },
  'import matchbox <folder>': {
    about: 'Take over a Matchbox data folder: its groups, profiles and assets.',
    load: async () => (await import('./verbs/import-matchbox.ts')).importMatchbox,
  },
  explain: {
    about: 'Show what a machine would get now, and why, without booting it.',
    load: async () => (await import('./verbs/explain.ts')).explain,
  },
  boots: {
    about: 'Show what machines fetched and how far they got, oldest first.',
    load: async () => (await import('./verbs/boots.ts')).boots,
  },
  localgcs: {
    about: 'Run the embedded Cloud Storage alone, until it is told to stop.',
    load: async () => (await import('./verbs/localgcs.ts')).localgcs,
  },
  'completion <shell>': {
    about: 'Print a script that completes commands and flags in bash, zsh or fish.',
    load: async () => (await import('./verbs/completion.ts')).completion,
  },
};

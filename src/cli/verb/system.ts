/** A setting as `config` and `serve --help` show it. */
export interface SettingInfo {
  readonly name: string;
  readonly flag: string;
  readonly default: string | undefined;
  readonly about: string;
  readonly secret: boolean;
}

/** Settings as texts, by the name of their environment variable. */
export type Flags = Readonly<Record<string, string | undefined>>;

/** The settings that the command line itself obeys. */
export interface Settings {
  readonly url: string;
  readonly dataDir: string;
  readonly adminToken: string | undefined;
  /** Comes before it. */
  readonly token: string | undefined;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The embedded Cloud Storage, started alone. */
export interface StorageOptions {
  /** HOST:PORT */
  readonly listen: string;
  readonly dataDir: string | undefined;
  readonly buckets: readonly string[];
  readonly tokenFile: string | undefined;
  readonly hmacAccessId: string | undefined;
}

export interface RunningStorage {
  readonly origin: string;
  /** Resolves to the reason when it ends and was not told to. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** What one check of the configuration found. */
export interface Finding {
  readonly check: string;
  readonly state: 'pass' | 'fail' | 'skipped';
  /** What is so, and after a semicolon what to do. */
  readonly text: string;
}

/** All that the commands need from outside their room; src/cli.ts passes it in. */
export interface System {
  readonly version: string;
  readonly settings: readonly SettingInfo[];
  readSettings(flags: Flags): Settings | { readonly mistakes: readonly string[] };
  /** Runs the broker until it is told to stop; resolves with the exit code. */
  serve(flags: Flags): Promise<number>;
  /** Checks settings that can be read against the world; deletes what it made also when its reader leaves early. */
  diagnose(flags: Flags): AsyncIterable<Finding>;
  startStorage(options: StorageOptions): Promise<RunningStorage | { readonly mistakes: readonly string[] }>;
  /** Folder for what must outlive one command, such as unfinished uploads. */
  readonly stateDir: string;
  readonly stdout: Output;
  readonly stderr: Output;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  clock(): Date;
}

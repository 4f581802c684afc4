export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** How the process runs, fixed at start. `settings.loader` is the only maker; `docs/reference/settings.md` lists each. */
export class Settings {
  constructor(private readonly values: SettingsValues) {
    Object.freeze(values);
  }

  get host(): string {
    return this.values.host;
  }
  get port(): number {
    return this.values.port;
  }
  /** Absolute. */
  get dataDir(): string {
    return this.values.dataDir;
  }
  /** Absolute, or `null` when no API keys are configured. */
  get apiKeysFile(): string | null {
    return this.values.apiKeysFile;
  }
  /** Allow-list of what may be spawned: bare names, absolute paths, or directories ending in `/`. */
  get commands(): readonly string[] {
    return this.values.commands;
  }
  get logLevel(): LogLevel {
    return this.values.logLevel;
  }
  /** Origin and base path under which clients reach us, no trailing slash, or `null` for `http://<host>:<port>`. */
  get publicUrl(): string | null {
    return this.values.publicUrl;
  }
  /** Name of the environment overlay, or `null`. */
  get environment(): string | null {
    return this.values.environment;
  }
  get allowedHosts(): readonly string[] {
    return this.values.allowedHosts;
  }
  get allowedOrigins(): readonly string[] {
    return this.values.allowedOrigins;
  }
  /** Patterns (`*` is a wildcard) of the environment names that `${env:NAME}` may read. */
  get secretEnv(): readonly string[] {
    return this.values.secretEnv;
  }
  /** Absolute directories under which `${file:/path}` may read. */
  get secretDirs(): readonly string[] {
    return this.values.secretDirs;
  }
  /** Environment names that `runtime.env` may set although they are dangerous. */
  get envAllow(): readonly string[] {
    return this.values.envAllow;
  }
  /** `public` refuses loopback and private addresses as upstreams; `any` allows them. */
  get egress(): 'any' | 'public' {
    return this.values.egress;
  }
  get hookSecretsFile(): string | null {
    return this.values.hookSecretsFile;
  }
  /** JSON file of who is told of alerts, or `null`. */
  get webhooksFile(): string | null {
    return this.values.webhooksFile;
  }
  get sessionKeysFile(): string | null {
    return this.values.sessionKeysFile;
  }
  get tlsCert(): string | null {
    return this.values.tlsCert;
  }
  get tlsKey(): string | null {
    return this.values.tlsKey;
  }
  /** Global cap on live instances that are child processes. */
  get maxInstances(): number {
    return this.values.maxInstances;
  }
  /** Whether `<data>/inbox` is watched, and with which scopes its manifests are registered. */
  get inboxScopes(): readonly string[] | null {
    return this.values.inboxScopes;
  }
  /** Hours between backups that are made by themselves; 0 = none are. */
  get backupIntervalHours(): number {
    return this.values.backupIntervalHours;
  }
  /** Scheduled backups that are kept. */
  get backupKeep(): number {
    return this.values.backupKeep;
  }
  /** The environment that secret references and children's allow-listed variables are read from. */
  get processEnvironment(): Readonly<Record<string, string | undefined>> {
    return this.values.processEnvironment;
  }

  /** Whether the listener is reachable from this machine only. */
  get isLoopback(): boolean {
    return ['127.0.0.1', '::1', 'localhost'].includes(this.host);
  }
}

export interface SettingsValues {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly apiKeysFile: string | null;
  readonly commands: readonly string[];
  readonly logLevel: LogLevel;
  readonly publicUrl: string | null;
  readonly environment: string | null;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly secretEnv: readonly string[];
  readonly secretDirs: readonly string[];
  readonly envAllow: readonly string[];
  readonly egress: 'any' | 'public';
  readonly hookSecretsFile: string | null;
  readonly webhooksFile: string | null;
  readonly sessionKeysFile: string | null;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly maxInstances: number;
  readonly inboxScopes: readonly string[] | null;
  readonly backupIntervalHours: number;
  readonly backupKeep: number;
  readonly processEnvironment: Readonly<Record<string, string | undefined>>;
}

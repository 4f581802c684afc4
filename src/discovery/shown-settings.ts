import type { Settings } from '../settings/settings.js';

/** The settings as they may be shown: paths and patterns, no environment and no credentials. */
export function shownSettings(settings: Settings): Readonly<Record<string, unknown>> {
  return {
    host: settings.host,
    port: settings.port,
    data_dir: settings.dataDir,
    public_url: settings.publicUrl === null ? null : withoutCredentials(settings.publicUrl),
    environment: settings.environment,
    log_level: settings.logLevel,
    api_keys: settings.apiKeysFile !== null,
    hook_secrets: settings.hookSecretsFile !== null,
    webhooks: settings.webhooksFile !== null,
    tls: settings.tlsCert !== null,
    commands: settings.commands,
    allowed_hosts: settings.allowedHosts,
    allowed_origins: settings.allowedOrigins,
    secret_env: settings.secretEnv,
    secret_dirs: settings.secretDirs,
    env_allow: settings.envAllow,
    egress: settings.egress,
    max_instances: settings.maxInstances,
    inbox: settings.inboxScopes !== null,
  };
}

function withoutCredentials(url: string): string {
  try {
    const parsed = new URL(url);
    parsed.username = '';
    parsed.password = '';
    return parsed.href.replace(/\/$/, '');
  } catch {
    return '[unreadable]';
  }
}

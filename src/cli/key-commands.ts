import type { Command } from 'commander';
import { addToKeysFile, createKey, type KeyWishes } from './keys-file.js';
import type { GlobalOptions, Terminal } from './terminal.js';

/** `keys create`. It works on files alone and calls no gateway. */
export function addKeyCommands(program: Command, terminal: Terminal): void {
  const keys = program.command('keys').description('API keys');
  keys
    .command('create')
    .description('make an API key; it is shown once')
    .requiredOption('--id <id>', 'what the key is called in logs and audit')
    .requiredOption('--scopes <scopes>', 'read, write, invoke, exec, admin; separated by commas')
    .option('--services <patterns>', 'only services with these names; * for any characters')
    .option('--expires <time>', 'RFC 3339')
    .option('--file <path>', 'add it to this keys file')
    .action(async (wishes: KeyWishes & { file?: string }) => {
      const { key, entry } = createKey(wishes, terminal.random);
      if (wishes.file !== undefined) await addToKeysFile(wishes.file, entry);
      if (program.opts<GlobalOptions>().json === true) {
        terminal.out(`${JSON.stringify({ key, entry }, null, 2)}\n`);
        return;
      }
      terminal.out(`Key (shown this once): ${key}\n`);
      if (wishes.file !== undefined) terminal.out(`Added "${entry.id}" to ${wishes.file}.\n`);
      else
        terminal.out(
          `Entry for "keys" in SWITCHYARD_API_KEYS_FILE:\n${JSON.stringify(entry, null, 2)}\n`,
        );
    });
}

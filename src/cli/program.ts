import { Command, CommanderError, Option } from 'commander';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.js';
import { addKeyCommands } from './key-commands.js';
import { addServiceCommands } from './service-commands.js';
import type { GlobalOptions, Terminal } from './terminal.js';

/** Runs one command line (without node and script); answers the exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = buildProgram(terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (!(error instanceof CommandFailure)) throw error;
    const isJson = program.opts<GlobalOptions>().json === true && error.document !== null;
    if (isJson) terminal.out(`${JSON.stringify(error.document, null, 2)}\n`);
    else terminal.err(`${error.message}\n`);
    return error.exitCode;
  }
}

function buildProgram(terminal: Terminal): Command {
  const program = new Command('switchyard')
    .description('A dynamic registry and gateway for MCP services.')
    .version(terminal.version, '-V, --version')
    .addOption(
      new Option('--url <url>', 'where the gateway is')
        .env('SWITCHYARD_URL')
        .default('http://127.0.0.1:8090'),
    )
    .addOption(
      new Option('--api-key <key>', 'better given in the environment').env('SWITCHYARD_API_KEY'),
    )
    .option('--json', 'print the answer of the API as it is')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(switchyard --help lists the commands)');
  program
    .command('serve', { isDefault: true })
    .description('run the gateway here; settings come from SWITCHYARD_* in the environment')
    .action(() => terminal.serve());
  program
    .command('version')
    .description('print the version')
    .action(() => {
      terminal.out(`${terminal.version}\n`);
    });
  addServiceCommands(program, terminal);
  addKeyCommands(program, terminal);
  return program;
}

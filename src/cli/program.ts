import { Command, CommanderError, Option } from 'commander';
import { addAuditCommands } from './audit-commands.js';
import { addBackupCommands } from './backup-commands.js';
import { addBundleCommands } from './bundle-commands.js';
import { addCompletion } from './completion.js';
import { addDoctorCommand } from './doctor-command.js';
import { CommandFailure, EXIT, type ExitCode } from './exit-code.js';
import { addKeyCommands } from './key-commands.js';
import { addMigrateCommand } from './migrate-command.js';
import { addReadingCommands } from './reading-commands.js';
import { addRevisionCommands } from './revision-commands.js';
import { Session } from './session.js';
import { addTemplateCommands } from './template-commands.js';
import type { GlobalOptions, Terminal } from './terminal.js';
import { addWritingCommands } from './writing-commands.js';

/** Runs one command line (without node and script); answers the exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = buildProgram(terminal);
  const session = new Session(program, terminal);
  addCommands(program, session);
  addCompletion(program, session);
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
  return new Command('switchyard')
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
}

function addCommands(program: Command, session: Session): void {
  const { terminal } = session;
  program.commandsGroup('Services:');
  addReadingCommands(program, session);
  addWritingCommands(program, session);
  addRevisionCommands(program, session);
  program.commandsGroup('Registry:');
  addTemplateCommands(program, session);
  addBundleCommands(program, session);
  addBackupCommands(program, session);
  addAuditCommands(program, session);
  program.commandsGroup('Gateway:');
  program
    .command('serve', { isDefault: true })
    .description('run the gateway here; settings come from SWITCHYARD_* in the environment')
    .allowExcessArguments()
    .action(async (_options: object, { args }: Command) => {
      // It is what runs without a command, so a command that there is none of ends up here.
      if (args[0] !== undefined) program.error(`error: unknown command '${args[0]}'`);
      // A client's option without a command is a command that was forgotten, and no wish for a gateway.
      const stray = ['url', 'apiKey', 'json'].find(
        (name) => program.getOptionValueSource(name) === 'cli',
      );
      if (stray !== undefined) program.error('error: a command is missing');
      await terminal.serve();
    });
  addMigrateCommand(program, session);
  addDoctorCommand(program, session);
  addKeyCommands(program, terminal);
  program
    .command('version')
    .description('print the version')
    .action(() => {
      terminal.out(`${terminal.version}\n`);
    });
}

import type { Command } from 'commander';
import { examine, isWell, renderFindings } from './doctor.js';
import { CommandFailure, EXIT } from './exit-code.js';
import { objectsIn } from './render-text.js';
import type { Session } from './session.js';

/** `doctor`: one look at everything an operator would look at first. */
export function addDoctorCommand(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('look over the gateway and say what is not in order; exit code 4 if something is')
    .action(async () => {
      const { api, terminal } = session;
      const [ready, system, services, alerts] = await Promise.all([
        api.probe('/readyz'),
        api.request('GET', '/system'),
        session.all('/services'),
        session.all('/alerts'),
      ]);
      const findings = examine({
        version: terminal.version,
        ready,
        system: system.body ?? {},
        services: objectsIn(services.body?.['items']),
        alerts: objectsIn(alerts.body?.['items']),
      });
      const items = findings.map((one) => ({ ...one }));
      session.show({ items }, () => renderFindings(findings));
      if (!isWell(findings)) throw new CommandFailure(EXIT.unwell, 'Something needs you.');
    });
}

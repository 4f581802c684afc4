import { pathToFileURL } from 'node:url';
import { fixture, GatewayProcess } from '../support/gateway-process.js';

/** The built gateway with surroundings (its clock, its names) that the file `surroundings` rules. */
export function startGateway(surroundings: string, dataDir?: string): Promise<GatewayProcess> {
  return GatewayProcess.start({
    ...(dataDir === undefined ? {} : { dataDir }),
    env: {
      NODE_OPTIONS: `--import ${pathToFileURL(fixture('failing-preload.mjs')).href}`,
      FAILING_SURROUNDINGS: surroundings,
    },
  });
}

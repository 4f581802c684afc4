import { expect } from '@jest/globals';
import { layered, type MatrixRow } from './matrix-world.js';

/** What is not of one category. */
export const WHOLE_ROWS: readonly MatrixRow[] = [
  {
    field: 'extensions',
    effect: 'they are kept for their owner, who alone reads them',
    observe: async (world) => {
      const extensions = { 'team/geo': { tier: 1, notes: ['a', null] } };
      const service = await world.reveal({ extensions });
      const { config } = await service.get('/config');
      expect((config ?? (await service.get('/config'))).extensions).toEqual(extensions);
      const added = { extensions: { 'team/web': { tier: 2 } } };
      expect((await service.update(added)).status).toBe(200);
      expect((await service.get()).config.extensions).toEqual(
        layered(extensions, added.extensions),
      );
    },
  },
  {
    field: 'overlays',
    effect: 'the one of this environment is the last layer',
    observe: async (world) => {
      const runtime = { env: { PLACE: 'everywhere' } };
      const overlays = {
        matrix: { runtime: { env: { PLACE: 'here' } } },
        elsewhere: { runtime: { env: { PLACE: 'there' } } },
      };
      const service = await world.reveal({ runtime, overlays });
      expect((await service.reveal()).env.PLACE).toBe('here');
      const none = await world.reveal({ runtime, overlays: { elsewhere: overlays.elsewhere } });
      expect((await none.reveal()).env.PLACE).toBe('everywhere');
    },
  },
];

export const wholeEnv = (): Readonly<Record<string, string>> => ({ SWITCHYARD_ENV: 'matrix' });

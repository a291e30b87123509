import { expect, it } from 'vitest';
import type { Dialect } from './database/index.ts';
import { createTestDatabase } from './testing/index.ts';
import { surviveKills } from './test-support/survival.ts';

it.each<Dialect>(['pglite', 'postgres'])(
  'I1 I2 I5 survives 20 SIGKILLs under writes (%s)',
  { timeout: 600_000 },
  async (dialect) => {
    const made = await createTestDatabase(dialect);
    expect(await surviveKills(made.options, 20)).toBeGreaterThan(800);
    await made.dispose();
  },
);

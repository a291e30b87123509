import type { Database } from '@lockstep/server';
import type { Tables } from './db/tables.ts';
import { createAudit } from './features/audit/index.ts';
import type { Audit } from './features/audit/index.ts';
import { createHistory } from './features/history/index.ts';
import type { History } from './features/history/index.ts';
import { recordMovements } from './features/statistics/index.ts';
import type { World } from './ports.ts';
import type { Recorder } from './records.ts';

export interface Recorders {
  readonly history: History;
  readonly audit: Audit;
  /** Everything that is kept of a change. */
  readonly record: Recorder;
}

export function createRecorders(database: Database<Tables>, world: World): Recorders {
  const history = createHistory(database);
  const audit = createAudit(database, world);
  return {
    history,
    audit,
    record: (provenance, changes) => [
      ...history.record(provenance, changes),
      ...audit.record(provenance, changes),
      ...recordMovements(provenance, changes),
    ],
  };
}

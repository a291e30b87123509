import type { Status } from '@directory/contract';
import type { Transaction } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { expect, present } from './commands.ts';
import type { Writer, Written } from './commands.ts';
import { mayManage } from './rights.ts';
import { keepAnAdmin, lock, save } from './store.ts';

/** Disables or enables somebody; whoever has that status already stays as they are, version included. */
export async function setStatus(
  tx: Transaction<Tables>,
  writer: Writer,
  id: string,
  status: Status,
  expected: number | null,
): Promise<Written> {
  const target = present(await lock(tx, [id]), id);
  mayManage(writer.caller, target);
  expect(writer, target, expected);
  if (target.status === status) return { user: target, changes: [] };
  if (status === 'disabled' && target.role === 'admin') await keepAnAdmin(tx, [id]);
  const to = { ...target, status, version: target.version + 1, updatedAt: writer.now };
  return { user: to, changes: await save(tx, [{ op: 'update', from: target, to }], writer.now) };
}

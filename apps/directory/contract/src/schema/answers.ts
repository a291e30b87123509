import { change, instant, jsonObject, offset, problem, version } from '@lockstep/protocol/schema';
import { z } from 'zod';
import { SORT_FIELDS, SORT_ORDERS } from '../constants.ts';
import { filterBody } from './bodies.ts';
import { readableUser, role, userId, userSchema } from './user.ts';

/** The envelope of nearly every answer. */
export const dataOf = <T extends z.ZodType>(schema: T) => z.object({ data: schema });

const count = z.int().min(0);
const nextCursor = z.string().nullable();

export const userAnswer = dataOf(readableUser);
export const usersAnswer = dataOf(z.array(readableUser));

export const pageAnswer = dataOf(
  z.object({ users: z.array(readableUser), total: count, hasMore: z.boolean() }),
);

/** Not under `data`, and without `nextCursor` on the last page: the guide's infinite query reads it so. */
export const infiniteAnswer = z.object({
  users: z.array(readableUser),
  nextCursor: z.string().exactOptional(),
  hasMore: z.boolean(),
  total: count,
});

/** `offset` was taken before the first page: the changes after it complete the copy. */
export const snapshotAnswer = dataOf(z.object({ users: z.array(readableUser), nextCursor, offset }));

const byRole = z.object({ admin: count, moderator: count, user: count });

export const statsAnswer = dataOf(z.object({ total: count, active24h: count, active7d: count, byRole }));

/** One point for each bucket: the state at its end, and what happened within it. */
export const seriesAnswer = dataOf(
  z.object({
    points: z.array(z.object({ at: instant, total: count, byRole, created: count, deleted: count })),
  }),
);

/** How one row of a batch or a chunk fared: the status and body that it would have had alone. */
export const rowResult = z.object({
  id: z.string(),
  status: z.int(),
  user: readableUser.exactOptional(),
  problem: problem.exactOptional(),
});

export const batchAnswer = dataOf(z.union([z.array(readableUser), z.array(rowResult)]));

export const selectionAnswer = dataOf(z.object({ id: userId, total: count }));

export const chunkAnswer = dataOf(z.object({ results: z.array(rowResult), nextCursor }));

export const loginAnswer = dataOf(z.object({ token: z.string(), user: userSchema }));

/** Not under `data`: the guide's client reads `token` at the top. */
export const refreshAnswer = z.object({ token: z.string() });

export const sessionSchema = z.object({
  id: userId,
  createdAt: instant,
  lastUsedAt: instant,
  expiresAt: instant,
  address: z.string(),
  userAgent: z.string(),
  /** True for the session that asks. */
  current: z.boolean(),
});

export const sessionAnswer = dataOf(z.object({ user: userSchema, session: sessionSchema }));
export const sessionsAnswer = dataOf(z.array(sessionSchema));

/** Who did something: null is the server itself; a name is kept as it was then. */
export const actorSchema = z.object({ id: userId, name: z.string() }).nullable();

/** One commit of one person. `before` and `after` hold the changed fields; null before a creation, null after a deletion. */
export const historyEntry = z.object({
  version,
  at: instant,
  actor: actorSchema,
  requestId: z.string(),
  before: jsonObject.nullable(),
  after: jsonObject.nullable(),
});

export const historyAnswer = dataOf(z.object({ entries: z.array(historyEntry), nextCursor }));

export const avatarAnswer = dataOf(z.object({ url: z.string().nullable(), user: readableUser }));

/** `line` counts from 1, the header line included, as an editor shows it. */
export const importRow = z.object({
  line: z.int().min(2),
  status: z.enum(['created', 'updated', 'unchanged', 'failed']),
  id: userId.nullable(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).exactOptional(),
});

export const importAnswer = dataOf(
  z.object({
    dryRun: z.boolean(),
    created: count,
    updated: count,
    unchanged: count,
    failed: count,
    rows: z.array(importRow),
  }),
);

export const viewSchema = z.object({
  id: userId,
  owner: userId,
  name: z.string(),
  shared: z.boolean(),
  filter: filterBody,
  sortBy: z.enum(SORT_FIELDS),
  sortOrder: z.enum(SORT_ORDERS),
  columns: z.array(z.string()),
  version,
  createdAt: instant,
  updatedAt: instant,
});

export const viewAnswer = dataOf(viewSchema);
export const viewsAnswer = dataOf(z.array(viewSchema));

export const invitationSchema = z.object({
  id: userId,
  email: z.string(),
  name: z.string().nullable(),
  role,
  invitedBy: actorSchema,
  state: z.enum(['open', 'accepted', 'expired']),
  createdAt: instant,
  expiresAt: instant,
});

/** `token` belongs into the link; it is said once and kept only as a hash. */
export const createdInvitationAnswer = dataOf(z.object({ invitation: invitationSchema, token: z.string() }));

export const invitationsAnswer = dataOf(z.array(invitationSchema));

export const auditEntry = z.object({
  id: userId,
  at: instant,
  actor: actorSchema,
  action: z.string(),
  entity: z.string().nullable(),
  entityId: z.string().nullable(),
  requestId: z.string(),
  address: z.string().nullable(),
  details: jsonObject,
});

export const auditAnswer = dataOf(z.object({ entries: z.array(auditEntry), nextCursor }));

/** In the feed's order; the last one stands at `offset`, the first at `offset - changes.length + 1`. */
export const changesAnswer = dataOf(
  z.object({ changes: z.array(change), offset, horizon: offset, hasMore: z.boolean() }),
);

export const healthAnswer = z.object({ status: z.enum(['ok', 'starting', 'draining', 'unavailable']) });

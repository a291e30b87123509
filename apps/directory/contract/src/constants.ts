export const ROLES = ['admin', 'moderator', 'user'] as const;
export type Role = (typeof ROLES)[number];

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** `disabled`: may not sign in; the person and their history stay. */
export const STATUSES = ['active', 'disabled'] as const;
export type Status = (typeof STATUSES)[number];

export const SORT_ORDERS = ['asc', 'desc'] as const;
export type SortOrder = (typeof SORT_ORDERS)[number];

export const SORT_FIELDS = ['name', 'email', 'role', 'lastActive', 'createdAt', 'updatedAt'] as const;
export type SortField = (typeof SORT_FIELDS)[number];

/** The fields that role `user` reads of other people. */
export const PUBLIC_FIELDS = ['id', 'name', 'role', 'lastActive', 'avatarUrl', 'version'] as const;

/** Fields of a person that only the server writes: in a body they are `field-forbidden`, never ignored. */
export const SERVER_FIELDS = [
  'lastActive',
  'avatarUrl',
  'status',
  'version',
  'createdAt',
  'updatedAt',
] as const;

export const DEFAULT_PREFERENCES = { theme: 'light', notifications: true, language: 'en' } as const;

/** What the audit tells. Changes of a person's profile are in their history. */
export const AUDIT_ACTIONS = [
  'sign-in',
  'sign-in.refused',
  'sign-in.throttled',
  'sign-out',
  'session.ended',
  'session.reused',
  'password.changed',
  'password.refused',
  'password.reset',
  'user.created',
  'user.deleted',
  'user.restored',
  'user.role',
  'user.email',
  'user.disabled',
  'user.enabled',
  'users.changed',
  'users.deleted',
  'users.imported',
  'users.exported',
  'invitation.created',
  'invitation.withdrawn',
  'invitation.accepted',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What a list is sorted by where nothing is said: who was here last comes first. */
export const DEFAULT_SORT = { sortBy: 'lastActive', sortOrder: 'desc' } as const;

/** "Active" means: seen within the last 24 hours, in milliseconds. */
export const ACTIVE_MS = 24 * 60 * 60 * 1000;

/** "Active this week", in milliseconds. */
export const ACTIVE_WEEK_MS = 7 * ACTIVE_MS;

/** How often at most `lastActive` is written for one person, in milliseconds. */
export const LAST_ACTIVE_STEP_MS = 60 * 1000;

/** Bounds that both sides check. Lengths are in UTF-16 units, as `String#length` counts. */
export const LIMITS = {
  name: 200,
  email: 254,
  language: 35,
  search: 200,
  passwordLeast: 12,
  password: 256,
  pageSize: 500,
  pageSizeDefault: 20,
  page: 1_000_000,
  snapshot: 5000,
  searchResults: 100,
  searchResultsDefault: 10,
  batch: 1000,
  chunk: 1000,
  cursor: 2000,
  exceptions: 10_000,
  columns: 50,
  viewName: 100,
  /** Bytes of an uploaded picture. */
  avatarBytes: 5 * 1024 * 1024,
} as const;

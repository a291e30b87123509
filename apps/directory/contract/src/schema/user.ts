import { instant, version } from '@lockstep/protocol/schema';
import { UUID_PATTERN } from '@lockstep/protocol';
import { z } from 'zod';
import { LIMITS, ROLES, STATUSES, THEMES } from '../constants.ts';
import { normalise } from '../text.ts';

/** Control characters and overrides of the writing direction: they make a text look like another one. */
const DECEPTIVE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Any one-line text that a person typed. */
export const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most, { abort: true })
    .refine((text) => text.isWellFormed() && !DECEPTIVE.test(text), {
      error: 'expected text without control characters or direction overrides',
    });

export const nameText = line(LIMITS.name).refine((text) => normalise(text) !== '', {
  error: 'expected at least one visible character',
});

/** Deliberately wide: only a message shows whether an address exists. */
export const emailText = z
  .string()
  .max(LIMITS.email, { abort: true })
  .regex(
    /^[^\s\p{C}@"(),:;<>[\\\]]{1,64}@(?!.*\.\.)[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}.-]*[\p{L}\p{M}\p{N}])?$/u,
    {
      error: 'expected an email address such as name@example.org',
    },
  );

/** A language tag (BCP 47), such as `en` or `zh-Hant`. */
export const languageTag = z
  .string()
  .max(LIMITS.language, { abort: true })
  .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, { error: 'expected a language tag such as en or zh-Hant' });

export const userId = z.string().regex(UUID_PATTERN, 'expected a UUID in lower case');

export const role = z.enum(ROLES);

export const preferencesSchema = z.object({
  theme: z.enum(THEMES),
  notifications: z.boolean(),
  language: languageTag,
});

/** A person as those read them who may read everything, and as everybody reads themselves. */
export const userSchema = z.object({
  id: userId,
  name: z.string(),
  email: z.string(),
  role,
  /** Written by the server, at most once a minute. */
  lastActive: instant,
  preferences: preferencesSchema,
  avatarUrl: z.string().nullable(),
  status: z.enum(STATUSES),
  version,
  createdAt: instant,
  updatedAt: instant,
});

/** A person as role `user` reads other people. */
export const publicUserSchema = userSchema.pick({
  id: true,
  name: true,
  role: true,
  lastActive: true,
  avatarUrl: true,
  version: true,
});

/** What a read returns: the whole person, or their public part. */
export const readableUser = z.union([userSchema, publicUserSchema]);

import type { Role } from '@directory/contract';

/** Who sends a request, as the server knows them at this moment (never as an old token says). */
export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly sessionId: string;
  /** When the session ends if it is not used again, in ms since 1970. */
  readonly expiresAt: number;
  /** When the person was last seen, in ms since 1970; may lag behind by as much as activity is recorded coarsely. */
  readonly lastActive: number;
}

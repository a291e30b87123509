export { createAccess } from './access.ts';
export type { Access } from './access.ts';
export { resetPassword, writeCredential } from './accounts.ts';
export { generatePassword, hashPassword } from './passwords.ts';
export { createAccountNotes } from './notes.ts';
export { accountRoutes } from './routes.ts';
export { createSessions, sessionEntity } from './sessions.ts';
export { createSignInThrottle } from './throttle.ts';
export { createAccessTokens } from './tokens.ts';

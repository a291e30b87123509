import { createHash, createHmac } from 'node:crypto';

/**
 * The secret of an invitation's link. It is derived from the invitation's id, so that a create that is sent again can be
 * answered with the same link although neither the invitation nor the stored answer holds it.
 */
export const tokenOf = (key: Uint8Array, invitationId: string): string =>
  createHmac('sha256', key).update(invitationId).digest('base64url');

/** What is stored to recognise the link by. */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

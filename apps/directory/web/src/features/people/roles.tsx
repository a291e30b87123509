import type { Role } from '@directory/contract';
import { ROLES } from '@directory/contract';
import classes from './roles.module.css';

export const roleNames: Readonly<Record<Role, string>> = {
  admin: 'Admin',
  moderator: 'Moderator',
  user: 'User',
};

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

export function RoleName({ role }: { readonly role: Role }) {
  return (
    <span className={classes.role} data-role={role}>
      {roleNames[role]}
    </span>
  );
}

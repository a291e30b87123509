import { useState } from 'react';
import classes from './avatar.module.css';
import { initialsOf, tintOf } from './initials.ts';

interface AvatarProps {
  readonly id: string;
  readonly name: string;
  readonly url: string | null;
  readonly size?: 'small' | 'large';
}

/**
 * A picture, or initials on the person's own tint. Always beside the name, so it says nothing: the initials are no text, not to
 * a screen reader and not when the row is copied.
 */
export function Avatar({ id, name, url, size = 'small' }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null);
  const shown = url !== null && url !== broken ? url : null;
  return (
    <span
      className={classes.avatar}
      data-size={size}
      data-tint={tintOf(id)}
      data-initials={shown === null ? initialsOf(name) : ''}
      aria-hidden="true"
    >
      {shown !== null && (
        <img src={shown} alt="" loading="lazy" decoding="async" onError={() => setBroken(shown)} />
      )}
    </span>
  );
}

import classes from './skeleton.module.css';

/** A grey bar where a text will be (`width` in characters), or the round of an avatar. */
export function Skeleton({
  width = 0,
  round = false,
}: {
  readonly width?: number;
  readonly round?: boolean;
}) {
  return (
    <span
      className={classes.skeleton}
      data-round={round || undefined}
      style={round ? undefined : { inlineSize: `${width}ch` }}
      aria-hidden="true"
    />
  );
}

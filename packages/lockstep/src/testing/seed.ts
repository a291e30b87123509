/**
 * The seed of a property test, printed so that a failure can be played again: `LOCKSTEP_SEED=… npm test`. Random
 * otherwise.
 */
export function printedSeed(title: string): number {
  const given = Number(process.env.LOCKSTEP_SEED);
  const seed = Number.isSafeInteger(given) && given !== 0 ? given : Math.floor(Math.random() * 2 ** 31);
  console.info(`${title}: seed ${seed}`);
  return seed;
}

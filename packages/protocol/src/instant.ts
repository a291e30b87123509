/** The one form of a time on the wire: what `Date#toISOString` prints for the years 0 to 9999. */
export const INSTANT_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

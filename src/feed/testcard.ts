/** Rate of the clip that comes with the package, constant. */
export const TESTCARD_BIT_PER_SECOND = 1_504_000;
/** It is filled up with null packets to this at most: eight seconds of it are held in memory. */
export const TESTCARD_MOST_BIT_PER_SECOND = 60e6;

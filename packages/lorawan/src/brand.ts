declare const brand: unique symbol;

/** A primitive or byte array that cannot be confused with another of the same shape. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

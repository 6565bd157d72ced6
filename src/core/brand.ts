declare const brand: unique symbol;

/** A value that only its parser can make; the compiler keeps it apart from a plain `T`. */
export type Brand<T, B extends string> = T & { readonly [brand]: B };

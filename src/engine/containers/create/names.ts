import { randomInt } from "node:crypto";

const adjectives =
  "able agile amber ample apt ardent august avid aware balmy bold brave breezy bright brisk calm candid capable careful cheerful civil clear clever cosy crisp curious daring deft dapper eager early earnest easy elated epic even exact fair famed fast festive fine firm fluent focused fond frank free fresh friendly gallant generous gentle glad golden good grand great handy happy hardy hearty helpful honest hopeful humble ideal jolly jovial joyful keen kind lively loyal lucid lucky mellow merry mighty modest neat nice nimble noble open patient peaceful placid plain polite proud pure quick quiet ready relaxed robust serene sharp silent sincere sleek smart snug sober solid sound spry stable steady stoic strong sunny superb sure swift tender thrifty tidy tough trusty upbeat valiant vibrant vigilant vivid warm wise witty zealous zen".split(
    " ",
  );
const surnames =
  "abel ada archimedes babbage banach bardeen bartik bell blackwell bohr boole born bose cannon cantor carson cerf church clarke cori curie dalton darwin diffie dijkstra dirac easley edison einstein elion engelbart erdos euclid euler faraday feistel fermat fermi feynman franklin galileo galois gauss germain goldberg goodall gould hamilton hawking heisenberg hellman hertz hilbert hodgkin hopper hypatia jackson jang jemison jennings johnson joliot kalam keller kepler kilby kirch knuth kowalevski lalande lamarr lamport leakey leavitt liskov lovelace lumiere maxwell mcclintock meitner mendel mendeleev merkle mirzakhani morse murdock napier nash newton nightingale nobel noether noyce pascal pasteur payne perlman pike poincare ptolemy raman ramanujan rhodes ride ritchie saha sammet shannon shaw shirley shockley spence swanson tesla tharp thompson torvalds turing villani wiles williams wilson wing wozniak wright yalow".split(
    " ",
  );

/**
 * A random `adjective_surname` that is not taken; from the second try a digit is appended, and after six the short id
 * is the name (Docker's name generator).
 */
export function randomName(shortId: string, isTaken: (name: string) => boolean): string {
  for (let attempt = 0; attempt < 6; attempt++) {
    const name = `${pick(adjectives)}_${pick(surnames)}${attempt === 0 ? "" : randomInt(10)}`;
    if (!isTaken(name)) return name;
  }
  return shortId;
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? "";
}

import type { Cases } from "./case.ts";

const find = "find . -mindepth 1 -not -name from -printf '%P %y %l\\n' | sort";
const tree = "docker exec dt1 sh -c 'find /t | sort | xargs stat -c \"%N %F %a %u:%g\"; rm -rf /t'";
const make =
  "docker run -d --name dt1 -v /vol $IMAGE sh -c 'mkdir -p /a/b /a/empty; echo hi >/a/b/f; ln -s b /a/l; ln -s /a/b/f /a/lf; ln -s nowhere /a/dang; ln -s /a/b /a/labs; mkfifo /a/p; ln /a/b/f /a/h; chmod 4755 /a/b; chown 12:34 /a/b/f; touch /vol/x; chmod 700 /tmp; rm /bin/ls /etc/plain; echo >>/etc/group; touch /ready; sleep 1000' >/dev/null; until docker exec dt1 test -e /ready; do sleep 0.1; done";
const sources =
  "mkdir -p d/sub e; echo s >d/sub/s; ln -s sub d/ls; echo file >f; chmod 640 f; chown 77:88 f; ln -s f lnk; ln -s d dlnk; ln -s gone dngl";

/** cp, diff and export. */
export const cases: Cases = {
  "cp out": [
    make,
    `mkdir 1; cd 1; docker cp dt1:/a/b/f .; docker cp dt1:/a/b/f g; docker cp dt1:a/b/f h; ${find}`,
    `mkdir 2; cd 2; docker cp dt1:/a/b new; docker cp dt1:/a/b new; docker cp dt1:/a/. new; docker cp dt1:/a/b/. content; ${find}`,
    `mkdir 3; cd 3; docker cp dt1:/a/lf 1; docker cp -L dt1:/a/lf 2; docker cp dt1:/a/l 3; docker cp -L dt1:/a/l 4; docker cp dt1:/a/l/. 5; docker cp dt1:/a/l/ 6; docker cp dt1:/a/dang 7; docker cp dt1:/a/p .; ${find}`,
    `mkdir -p 4/d; cd 4; ln -s d dl; ln -s new nl; docker cp dt1:/a/b dl; docker cp dt1:/a/b/f dl/; docker cp dt1:/a/b/f nl; ${find}`,
    "docker cp dt1:/a/b/f newdir/; docker cp dt1:/a/b/f nodir/file; touch g; docker cp dt1:/a/b g; docker cp dt1:/a/b g/",
    "docker cp -L dt1:/a/dang x; docker cp dt1:/nope .; docker cp dt1:/a/b/f/ .; docker cp dt1:/a/b/f/. .; docker cp nope:/a .; docker cp dt1: x",
    "docker cp dt1:/a - | tar -tv --numeric-owner | awk '{print $1, $2, $3, $6, $7, $8, $9}'",
    "docker cp dt1:/vol - | tar -t; docker cp dt1:/etc/hostname - | tar -t; docker cp dt1:/proc/cpuinfo -; docker cp dt1:/dev/null -",
    "docker cp --quiet=false dt1:/a/b/f ./s; docker cp -q dt1:/a/b/f ./s; docker cp --quiet=false dt1:/a ./t",
  ],
  "cp in": [
    make,
    sources,
    `docker cp f dt1:/t; ${tree}; docker cp -a f dt1:/t; ${tree}`,
    `docker exec dt1 mkdir /t; docker cp f dt1:/t; docker cp d dt1:/t; docker cp d/. dt1:/t; docker cp d/ dt1:/t/; ${tree}`,
    `docker cp d dt1:/t; docker cp d dt1:/t; ${tree}; docker cp d/. dt1:/t; ${tree}; docker cp d dt1:/t/; ${tree}`,
    `docker cp lnk dt1:/t; ${tree}; docker cp -L lnk dt1:/t; ${tree}; docker cp dlnk dt1:/t; ${tree}; docker cp -L dlnk dt1:/t; ${tree}`,
    `docker cp dlnk/. dt1:/t; ${tree}; docker cp dlnk/ dt1:/t; ${tree}; docker cp dngl dt1:/t; ${tree}; docker cp -L dngl dt1:/t`,
    "docker cp f dt1:/a/labs; docker cp f dt1:/a/lf; docker cp f dt1:/a/dang; docker exec dt1 sh -c 'cd /a; stat -c \"%n %s %u:%g\" b/* nowhere'",
    "docker cp f dt1:/new/ 2>&1 | grep -v level=error; docker cp f dt1:/no/t; docker cp nofile dt1:/t; docker cp no/file dt1:/t; docker cp f/ dt1:/t; docker cp f/. dt1:/t; docker cp f nope:/x",
    "docker cp d dt1:/a/b/f 2>&1 | grep -v level=error; docker cp d/. dt1:/a/b/f 2>&1 | grep -v level=error; docker cp d dt1:/a/b/f/",
    "tar -cf - d | docker cp - dt1:/tmp; tar -czf - d | docker cp - dt1:/vol; docker exec dt1 find /tmp /vol; tar -cf - d | docker cp - dt1:/nope; tar -cf - d | docker cp - dt1:/a/b/f",
    "touch we:ird; docker cp we:ird dt1:/tmp; docker cp ./we:ird dt1:/tmp; docker cp - -; docker cp a b; docker cp dt1:/a dt1:/b; docker cp '' .; docker cp dt1:/a ''; docker cp :/a .; docker cp --nope a b",
    "docker cp --quiet=false f dt1:/tmp; docker cp --quiet=false d dt1:/tmp/q",
    `docker run -d --name dt2 -u alice $IMAGE sleep 1000 >/dev/null; docker cp -a f dt2:/home/f; docker exec dt2 stat -c '%u:%g' /home/f`,
  ],
  "cp of stopped and read-only containers": [
    sources,
    "docker create --name dt1 -v /data $IMAGE >/dev/null; docker cp f dt1:/data/f; docker cp f dt1:/tmp; docker cp dt1:/data - | tar -t; docker diff dt1 | sort -k2; docker start -a dt1; docker diff dt1 | sort -k2",
    "docker create --name dt2 --read-only -v /vol -v $BIND:/ro:ro $IMAGE >/dev/null; docker cp f dt2:/tmp; docker cp f dt2:/ro; docker cp f dt2:/vol; docker cp dt2:/ro/f - | tar -t",
  ],
  "diff and export": [
    make,
    "docker diff dt1 | sort -k2; docker stop -t 0 dt1 >/dev/null; docker diff dt1 | sort -k2; docker diff nope; docker diff; docker diff dt1 dt2",
    "docker create --name dt2 $IMAGE >/dev/null; docker diff dt2; docker export dt2 | tar -t | grep -v ^bin/ | sort",
    "docker export dt1 | tar -tv --numeric-owner | grep -v ' bin/' | awk '{print $1, $2, $3, $6, $7, $8, $9}' | sort -k4",
    "docker export -o no/x dt1; docker export -o . dt1; docker export nope; docker export; docker export -o x.tar dt1; test -s x.tar",
    "docker export dt1 | docker import - ltdiff-exported >/dev/null; docker run --rm ltdiff-exported cat /a/b/f; docker run --rm ltdiff-exported sh -c 'test /a/b/f -ef /a/h && echo linked'; docker rmi ltdiff-exported >/dev/null",
  ],
};

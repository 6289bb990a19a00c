/* Runs the script file that is named, or standard input. */
#include <stdio.h>
#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

int main(int argc, char **argv) {
  lua_State *state = luaL_newstate();
  if (state == NULL) return 3;
  luaL_openlibs(state);
  if (luaL_dofile(state, argc > 1 ? argv[1] : NULL)) {
    fprintf(stderr, "%s\n", lua_tostring(state, -1));
    return 1;
  }
  lua_close(state);
  return 0;
}

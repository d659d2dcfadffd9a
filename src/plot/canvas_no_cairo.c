/* What stands in for canvas_cairo.c where CMake finds no cairo: no PNG.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plot/canvas_priv.h"

const pleat_canvas_kind *const pleat_canvas_png = NULL;

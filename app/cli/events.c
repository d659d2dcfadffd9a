/* Events for programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "events.h"

#include <math.h>
#include <stdio.h>

static bool is_on;

void cli_events_enable(void) { is_on = true; }

bool cli_events_are_on(void) { return is_on; }

void cli_event(json_t *event) {
  if (!event) return;
  json_dumpf(event, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6));
  putchar('\n');
  fflush(stdout); /* a pipe that is full or gone shows in main's check of the stream */
  json_decref(event);
}

json_t *cli_event_number(double value) { return isnan(value) ? json_null() : json_real(value); }

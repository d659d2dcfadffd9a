/* --progress json: what happens, one JSON object a line on standard output.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_EVENTS_H
#define PLEAT_CLI_EVENTS_H

#include <jansson.h>
#include <stdbool.h>

/* Process-wide, set once from the command line. */
void cli_events_enable(void);
bool cli_events_are_on(void);
/* Prints an event at once and gives it back; NULL (no memory to make one) prints nothing. */
void cli_event(json_t *event);
/* A number as JSON has it: null for NAN. */
json_t *cli_event_number(double value);

#endif

/* How extended a structure is.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_BIO_GYRATION_H
#define PLEAT_BIO_GYRATION_H

#include "bio/structure.h"

/* Radius of gyration of the C-alpha atoms, angstrom: the root mean square distance from their centre. NAN without any. */
double pleat_radius_of_gyration(const pleat_structure *structure);

#endif

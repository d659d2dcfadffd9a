/* A small entry of mmCIF, and the same with some text exchanged.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_MMCIF_SMALL_H
#define PLEAT_TESTS_MMCIF_SMALL_H

#include "check.h"

static const char mmcif_small[] =
    "data_1ABC\n"
    "_entry.id 1ABC\n"
    "_exptl.method 'X-RAY DIFFRACTION'\n"
    "_refine.ls_d_res_high 1.85\n"
    "_pdbx_audit_revision_history.revision_date 2001-02-03\n"
    "loop_\n_chem_comp.id\n_chem_comp.type\n" /* line 6 */
    "ALA 'L-peptide linking'\nSER 'L-peptide linking'\nARG 'L-peptide linking'\nMSE 'L-peptide linking'\nHOH other\n"
    "loop_\n_entity_poly_seq.entity_id\n_entity_poly_seq.num\n_entity_poly_seq.mon_id\n" /* line 14 */
    "1 1 ALA\n1 2 SER\n1 3 ARG\n1 4 MSE\n"
    "loop_\n_struct_asym.id\n_struct_asym.entity_id\nA 1\nB 1\nW 2\n"                                 /* line 22 */
    "loop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.label_atom_id\n_atom_site.label_alt_id\n" /* line 28 */
    "_atom_site.label_comp_id\n_atom_site.label_asym_id\n_atom_site.label_seq_id\n_atom_site.pdbx_PDB_ins_code\n"
    "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.occupancy\n_atom_site.B_iso_or_equiv\n"
    "_atom_site.auth_seq_id\n_atom_site.auth_asym_id\n_atom_site.pdbx_PDB_model_num\n"
    "ATOM 1 N . ALA A 1 ? 1 2 3 1 10 -5 X 1\n" /* line 45 */
    "ATOM 2 CA . ALA A 1 ? 4 5 6 1 10 -5 X 1\n"
    "ATOM 3 CA A SER A 2 ? 7 0 0 0.5 10 -4 X 1\n"
    "ATOM 6 CA . ARG B 3 ? 6 0 0 1 10 3 Y 1\n"
    "HETATM 4 O . HOH W . ? 0 0 0 1 10 9 X 1\n"
    "ATOM 5 CA . ALA A 1 ? 9 9 9 1 10 -5 X 2\n";

/* The entry in which the first `from` has become `to`. Freed by free(). */
static inline char *mmcif_small_with(const char *from, const char *to) {
  const char *at = strstr(mmcif_small, from);
  if (!CHECK(at != NULL)) at = mmcif_small + strlen(mmcif_small);
  size_t n = sizeof mmcif_small + strlen(to);
  char *text = malloc(n);
  if (text) snprintf(text, n, "%.*s%s%s", (int)(at - mmcif_small), mmcif_small, to, *at ? at + strlen(from) : "");
  return text;
}

#endif

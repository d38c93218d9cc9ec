/* SPDX-License-Identifier: MIT */
/*
 * The groups of tests besides the one in test_server.c; each returns how many failed.
 */
#ifndef TESTS_SERVER_SUITES_H
#define TESTS_SERVER_SUITES_H

int run_malformed_tests(void);
int run_fault_tests(void);
int run_record_tests(void);

#endif /* TESTS_SERVER_SUITES_H */

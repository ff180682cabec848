#!/bin/sh
# Print the line coverage of the packages that must be covered, and fail where one is not.
# Usage: coverage.sh PATH_OF_COVERAGE
set -u

at_least=95
status=0
for package in api planning traffic; do
    files="operator/sagemaker_ab/$package/*"
    echo "line coverage of $package: $("$1" report --include="$files" --format=total --precision=1) %"
    if ! report=$("$1" report --include="$files" --fail-under=$at_least --skip-covered); then
        echo "$report"
        echo "Less than $at_least %: test the lines named above."
        status=1
    fi
done
exit $status

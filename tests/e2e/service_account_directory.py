"""What `kopf run` loads before the operator: it finds the files of the ServiceAccount in another directory.

The kubelet mounts them at a path that a test cannot write to. All else is as in a pod.
"""

import os
from pathlib import Path

from sagemaker_ab.kube import in_cluster

in_cluster.DIRECTORY = Path(os.environ["TEST_SERVICE_ACCOUNT_DIRECTORY"])

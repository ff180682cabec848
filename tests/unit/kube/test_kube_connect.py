"""A kubeconfig that leads nowhere is said to, whatever is wrong with it."""

import pytest

from sagemaker_ab.kube.client import NoCluster, connect


@pytest.mark.parametrize(
    "content",
    [b"contexts: [", b"just words", b"- a\n- b\n", b"contexts: 3\n", b"\xff\xfe\x00", b"", b"kind: Config\n"],
)
def test_a_file_that_is_no_kubeconfig(tmp_path, content):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_bytes(content)

    with pytest.raises(NoCluster) as raised:
        connect(str(kubeconfig))
    assert "\n" not in str(raised.value)


def test_a_directory_in_its_place(tmp_path):
    with pytest.raises(NoCluster, match="Is a directory"):
        connect(str(tmp_path))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(NoCluster):
        connect(str(tmp_path / "kubeconfig"))

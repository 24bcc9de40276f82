"""The registered documents that the caller's tenant may run."""

from resolvers.tenant_lists import DirectoryList

DOCUMENTS = DirectoryList(lambda directory: directory.documents)

"""The plug-in for DataHub: the only package of the project that imports `datahub`."""

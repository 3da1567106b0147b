"""`reald2iff enhance`: realistic depth in every episode of a data set."""

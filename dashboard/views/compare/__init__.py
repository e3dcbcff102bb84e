"""The Compare page: questions that were kept, and the published figure that a question was opened for."""

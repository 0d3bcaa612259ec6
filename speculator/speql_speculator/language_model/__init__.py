"""What rules cannot know, asked of a language model: prompts, answers that are checked, what it costs."""

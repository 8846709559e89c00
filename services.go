package gitlab

// service is the receiver of all methods of a resource.
type service struct{ client *Client }

// serve fills in the resources of a new client.
func (c *Client) serve() {
	c.service.client = c
	c.AwardEmoji = (*AwardEmojiService)(&c.service)
	c.Branches = (*BranchesService)(&c.service)
	c.Commits = (*CommitsService)(&c.service)
	c.Deployments = (*DeploymentsService)(&c.service)
	c.Discussions = (*DiscussionsService)(&c.service)
	c.Files = (*FilesService)(&c.service)
	c.Groups = (*GroupsService)(&c.service)
	c.Hooks = (*HooksService)(&c.service)
	c.Instance = (*InstanceService)(&c.service)
	c.Issues = (*IssuesService)(&c.service)
	c.Jobs = (*JobsService)(&c.service)
	c.Labels = (*LabelsService)(&c.service)
	c.Members = (*MembersService)(&c.service)
	c.MergeRequests = (*MergeRequestsService)(&c.service)
	c.Milestones = (*MilestonesService)(&c.service)
	c.Notes = (*NotesService)(&c.service)
	c.Pipelines = (*PipelinesService)(&c.service)
	c.Projects = (*ProjectsService)(&c.service)
	c.Releases = (*ReleasesService)(&c.service)
	c.Repository = (*RepositoryService)(&c.service)
	c.Search = (*SearchService)(&c.service)
	c.Tags = (*TagsService)(&c.service)
	c.Tokens = (*TokensService)(&c.service)
	c.Users = (*UsersService)(&c.service)
}

# frozen_string_literal: true

# A few routes of GitLab's API behind the refusals of rack-oauth2, raised in the
# order in which GitLab's guard raises them: expired before revoked, both before
# a scope that is too small.
class Api
  Bearer = Rack::OAuth2::Server::Resource::Bearer
  JSON_TYPE = { "Content-Type" => "application/json" }.freeze
  PROJECTS = 45

  # The API behind the middleware that finds the token, and that refuses a
  # request which carries two.
  def self.guarded
    api = new
    Rack::Builder.app do
      use(Bearer, "The API") { |request| request.access_token }
      run api
    end
  end

  def call(env)
    request = Rack::Request.new(env)
    case "#{request.request_method} #{request.path_info}"
    when "GET /user" then guard(env, %w[read_user api read_api]) { |user| current(user) }
    when "GET /projects" then guard(env, %w[api read_api]) { projects(request) }
    when %r{\APOST /projects/([^/]+)/issues\z}
      project = Regexp.last_match(1)
      guard(env, %w[api]) { issue(project, request) }
    else answer(404, { error: "404 Not Found" })
    end
  end

  private

  def guard(env, scopes)
    plain = env[Rack::OAuth2::Server::Resource::ACCESS_TOKEN]
    token = plain && Doorkeeper::AccessToken.by_token(plain)
    return answer(401, { message: "401 Unauthorized" }) unless token

    refusal = refusal(token, scopes)
    refusal ? refusal.finish : yield(User.find(token.resource_owner_id))
  end

  def refusal(token, scopes)
    if token.expired?
      invalid("Token is expired. You can either do re-authorization or token refresh.")
    elsif token.revoked?
      invalid("Token was revoked. You have to re-authorize from the user.")
    elsif (token.scopes.to_a & scopes).empty?
      text = Rack::OAuth2::Server::Resource::ErrorMethods::DEFAULT_DESCRIPTION[:insufficient_scope]
      Bearer::Forbidden.new(:insufficient_scope, text, { scope: scopes })
    end
  end

  def invalid(description) = Bearer::Unauthorized.new(:invalid_token, description)

  def current(user)
    answer(200, { id: user.id, username: user.username, name: user.username, state: "active" })
  end

  def projects(request)
    per = request.params.fetch("per_page", 20).to_i.clamp(1, 100)
    page = [request.params.fetch("page", 1).to_i, 1].max
    ids = ((page - 1) * per + 1..[page * per, PROJECTS].min)
    items = ids.map { |id| { id: id, name: "p#{id}", path: "p#{id}", path_with_namespace: "root/p#{id}" } }
    answer(200, items, paging(request, page, per))
  end

  def paging(request, page, per)
    last = (PROJECTS.to_f / per).ceil
    pages = { "prev" => page - 1, "next" => page + 1, "first" => 1, "last" => last }
    links = pages.select { |_, number| number.between?(1, last) }.map do |rel, number|
      %(<#{request.base_url}/api/v4/projects?page=#{number}&per_page=#{per}>; rel="#{rel}")
    end
    { "Link" => links.join(", "), "X-Page" => page.to_s, "X-Per-Page" => per.to_s,
      "X-Next-Page" => (page < last ? (page + 1).to_s : ""), "X-Prev-Page" => (page > 1 ? (page - 1).to_s : ""),
      "X-Total" => PROJECTS.to_s, "X-Total-Pages" => last.to_s }
  end

  # Tells back what arrived, so that a test sees whether a repeated body was whole.
  def issue(project, request)
    received = JSON.parse(request.body.read)
    return answer(400, { error: "title is missing" }) if received["title"].to_s.empty?

    answer(201, { id: 1, iid: 1, project_id: project.to_i, state: "opened" }.merge(received))
  rescue JSON::ParserError
    answer(400, { error: "title is missing" })
  end

  def answer(status, body, headers = {}) = [status, JSON_TYPE.merge(headers), [body.to_json]]
end
